"""The command line: one module per verb.

A verb module defines one function, the command; `VERBS` lists them in the order that
``geogrid --help`` shows them. A verb's module is imported only when the verb is typed, so
that ``geogrid --help`` stays instant.

app
    the program: lazy verbs, errors to messages and exit codes
output
    tables, JSON and progress bars
"""

from geogrid.cli.app import main

__all__ = ["main"]
