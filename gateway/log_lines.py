"""The log as lines: one for each thing that happened, with the moment, the process and the request it happened in."""

import logging
import re
import time

from gateway.logs import DiscreetFormatter, quieten
from gateway.request_ids import current_request

_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")


def set_up_logging() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    quieten()


class OneLine(DiscreetFormatter):
    """Write a record as `TIME LEVEL LOGGER[PROCESS] REQUEST: what happened`, in UTC, and an error behind it."""

    def format(self, record: logging.LogRecord) -> str:
        said = _HIDDEN.sub("", _BREAKS.sub(" | ", super().format(record).strip()))
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        where = f"{record.name}[{record.process}] {current_request()}"
        return f"{moment}.{int(record.msecs):03}Z {record.levelname} {where}: {said}"
