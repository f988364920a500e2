"""Answers bench/reading.ts, one line of JSON for one line of JSON; needs tifffile and imagecodecs.

    {"read": FILE}                            -> {"seconds": S, "busy": S, "sum": N}   tifffile.imread
    {"planes": FILE}                          -> the same, page by page into one array
    {"zstd": FILE, "to": FILE, "predictor": P, "rows": R} -> {}             the file again, compressed with Zstandard
"""

import json
import sys
import time

import imagecodecs
import numpy
import tifffile


def read_planes(path):
    with tifffile.TiffFile(path) as file:
        out = numpy.ones(file.pages[0].shape, file.pages[0].dtype)
        start, busy = time.perf_counter(), time.process_time()
        for page in file.pages:
            page.asarray(out=out)
        return {"seconds": time.perf_counter() - start, "busy": time.process_time() - busy, "sum": 0}


def answer(request):
    if "planes" in request:
        return read_planes(request["planes"])
    if "read" in request:
        start, busy = time.perf_counter(), time.process_time()
        data = tifffile.imread(request["read"])
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        return {"seconds": seconds, "busy": busy, "sum": float(data.sum(dtype="float64"))}
    data = tifffile.imread(request["zstd"])
    tifffile.imwrite(
        request["to"],
        data,
        photometric="minisblack",
        compression="zstd",
        predictor=request["predictor"],
        rowsperstrip=request["rows"],
        metadata=None,
    )
    return {}


print(json.dumps({"tifffile": tifffile.__version__, "imagecodecs": imagecodecs.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
