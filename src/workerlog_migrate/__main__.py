"""Run the command line with ``python -m workerlog_migrate``."""

from workerlog_migrate.cli import main

if __name__ == "__main__":
    main(prog_name="workerlog-migrate")
