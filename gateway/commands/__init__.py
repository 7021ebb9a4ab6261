"""The commands of `python -m gateway`: one module each, with `run(arguments) -> exit status`."""
