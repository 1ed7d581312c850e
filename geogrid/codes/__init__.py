"""Codes of areas, cells and things: schemes as data, templates of a place's own, the register.

schemes
    what a code's digits mean; ``schemes.toml`` holds the schemes themselves
templates
    codes such as ``"{area}-{seq:05d}"`` where no national scheme applies
explain
    a code in words; many codes checked at once
register
    official names by code
bundle
    bundled data, its bytes verified
"""

from geogrid.codes.bundle import bundle_folder
from geogrid.codes.explain import ExplainedPart, Explanation, check_codes, explain_code, numbering_scheme
from geogrid.codes.register import Entry, Register, bundled_register, read_register
from geogrid.codes.schemes import Meaning, Part, Scheme, find_scheme, read_schemes, scheme, schemes
from geogrid.codes.templates import Template

__all__ = [
    "Entry",
    "ExplainedPart",
    "Explanation",
    "Meaning",
    "Part",
    "Register",
    "Scheme",
    "Template",
    "bundle_folder",
    "bundled_register",
    "check_codes",
    "explain_code",
    "find_scheme",
    "numbering_scheme",
    "read_register",
    "read_schemes",
    "scheme",
    "schemes",
]
