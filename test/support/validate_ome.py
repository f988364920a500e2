"""Validates OME-XML against the schema of 2016-06 that the package ome-types brings; needs ome-types and xmlschema.

Reads a JSON list of documents from stdin, prints a JSON list with the complaints about each.
"""

import json
import os
import sys

import ome_types
import xmlschema

schema = xmlschema.XMLSchema(os.path.join(os.path.dirname(ome_types.__file__), "ome-2016-06.xsd"))
print(json.dumps([[str(error.reason) for error in schema.iter_errors(text)] for text in json.load(sys.stdin)]))
