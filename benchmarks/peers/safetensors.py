"""Safetensors: u64 little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, the bytes."""
import json
import struct

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
          "U8": "|u1", "BOOL": "|b1"}
NAMES = {np.dtype(v): k for k, v in DTYPES.items()}


def load(path):
    """Every tensor of the file as a NumPy array, by name."""
    data = open(path, "rb").read()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]],
                                DTYPES[t["dtype"]]).reshape(t["shape"]) for name, t in header.items()}


def save(path, tensors, metadata=None):
    """Writes NumPy arrays in the dictionary's order; metadata is a dictionary of strings."""
    header, chunks, at = {"__metadata__": metadata} if metadata else {}, [], 0
    for name, array in tensors.items():
        array = np.asarray(array, order="C")
        raw = array.tobytes()
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + len(raw)]}
        chunks.append(raw)
        at += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))
