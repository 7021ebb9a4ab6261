"""What is wrong with a request before any document was read."""

from domain.errors import GatewayError


class BadRequestError(GatewayError):
    """Say what is wrong with a request before any document was read."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BodyTooLargeError(BadRequestError):
    code = "BODY_TOO_LARGE"


class UntrustedDocumentError(BadRequestError):
    """Say that only documents that are known are answered."""

    code = "DOCUMENT_NOT_TRUSTED"
