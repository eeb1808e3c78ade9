"""One cache as the challenge means it, over one or several objects of the output."""

import re

import numpy as np

from challenges.driving.refusing import NotTestable

from .calling import call
from .layouts import HEAD_LAYOUTS, axes_of, laid_out, restored
from .naming import indexes, parameters, slots
from .pieces import methods, settings
from .stores import attribute_pair
from .telling import length_names, per_row, reported_bytes, told_by

OPENS = re.compile(
    r"^(allocate|add|register|create|new|start|open|init)_?(seq|sequence|request|slot)$"
)

SIZES = {"b": "batch_size", "h": "num_heads", "d": "head_dim", "l": "num_layers"}


class Cache:
    """One cache as the challenge means it, over one or several of the output's objects."""

    def __init__(self, use, config, dtype):
        self.use, self.config = use, config
        known = settings(config, dtype)
        rows = config["batch_size"] if use.per_row_objects else 1
        if use.per_row_objects:
            known["batch_size"] = 1
        if use.dim_of_head:
            known["width"] = config["head_dim"]
        layers = 1 if use.layered else config["num_layers"]
        if not use.layered or use.shared_blocks:
            known["num_blocks"] //= config["num_layers"]
        self.objects = [[self._make(known) for _ in range(rows)] for _ in range(layers)]
        self.counts = np.zeros((config["num_layers"], config["batch_size"]), dtype=np.int64)
        self.returned = {}
        self.rows = [self._open_row(row) for row in range(config["batch_size"])]

    def _make(self, known):
        """One of the output's objects; in float32 where it can't do float64."""
        try:
            return call(self.use.kind, known, self.use.pieces)
        except (KeyError, ValueError, TypeError):
            narrow = {**known, "dtype": np.float32, "item_size": 4}
            return call(self.use.kind, narrow, self.use.pieces)

    def _open_row(self, row):
        """What the output calls a row: its number, or what opening a sequence returns."""
        names = [n for n, _ in methods(self.use.kind) if OPENS.search(n)]
        for owner in (
            [self.object(layer, row) for layer in range(len(self.objects))] if names else []
        ):
            made = call(getattr(owner, names[0]), {"row": row, "batch_size": row}, self.use.pieces)
            row = made if isinstance(made, (int, np.integer)) and made is not None else row
        return row

    def object(self, layer, row=0):
        """The output's object that holds this layer and row."""
        rows = self.objects[0 if self.use.layered else layer]
        return rows[row if self.use.per_row_objects else 0]

    def write(self, layer, k, v, lengths):
        """Append k, v (B, H, T, d); `lengths` says how many tokens of a row are real, None all."""
        new = np.full(k.shape[0], k.shape[2]) if lengths is None else np.asarray(lengths)
        if "b" not in self.use.layout:
            for row, count in enumerate(new):
                self._write_rows(layer, k[:, :, :count], v[:, :, :count], row)
        elif (new == new[0]).all():
            self._write_rows(layer, k[:, :, : new[0]], v[:, :, : new[0]], None)
        elif {"lengths", "new_lengths"} & self.use.written():
            self._call_writer(layer, k, v, None, None, new)
            self.counts[layer] += new
        else:
            raise NotTestable("its write takes one length for the whole batch")
        self.advance(layer, new)

    def advance(self, layer, new):
        """Tell a cache that has to be told so that the last of its layers has the new tokens."""
        name = self.use.advancer
        if not name or (self.use.layered and layer != self.config["num_layers"] - 1):
            return
        for row in range(len(new)) if self.use.per_row_objects else [0]:
            method = getattr(self.object(layer, row), name)
            told = {"lengths", "new_lengths"} & slots(method)
            told = told or any("array" in str(p.annotation) for p in parameters(method).values())
            if not told and not self.use.per_row_objects and (new != new[0]).any():
                raise NotTestable(f"its {name} takes one length for the whole batch")
            method(**dict.fromkeys(parameters(method), new if told else int(new[row])))

    def _write_rows(self, layer, k, v, row):
        pieces = [(k, v)] if self.use.many and k.shape[2] else [
            (k[:, :, t : t + 1], v[:, :, t : t + 1]) for t in range(k.shape[2])
        ]  # fmt: skip
        for some_k, some_v in pieces:
            heads = range(k.shape[1]) if self.use.layout in HEAD_LAYOUTS else [None]
            for head in heads:
                self._call_writer(
                    layer, some_k, some_v, row, head, np.full(k.shape[0], some_k.shape[2])
                )
            rows = slice(None) if row is None else row
            self.counts[layer, rows] += some_k.shape[2]

    def _call_writer(self, layer, k, v, row, head, new):
        owner = self.object(layer, row or 0)
        k, v = (laid_out(part, self.use.layout, row, head).copy() for part in (k, v))
        if self.use.lists:
            k, v = k.tolist(), v.tolist()
        at = int(self.counts[layer, row or 0])
        row = row if row is None else self.rows[row]
        known = {
            "k": k, "v": v, "layer": layer, "row": row, "head": head, "position": at,
            "positions": self.counts[layer].copy(), "new_lengths": new,
            "lengths": new + self.counts[layer] if self.use.totals else new,
            "batch_size": row, "num_heads": head, "num_layers": layer,
        }  # fmt: skip
        bare = self.use.bare and (new == new[0]).all()
        self.returned[layer, row if "b" not in self.use.layout else None] = call(
            getattr(owner, self.use.writer), known, self.use.pieces, bare
        )

    def raw_read(self, layer, row):
        """What the output's reader returns for keys and values, or None if it is not a pair."""
        owner = self.object(layer, row)
        if self.by_token():
            count = range(int(self.counts[layer, row]))
            parts = [self._read_at(owner, layer, row, at) for at in count]
            empty = np.zeros((0, *[self.config[SIZES[a]] for a in self.use.read_layout]))
            return [np.array([part[i] for part in parts]) if parts else empty for i in (0, 1)]
        return self._read_at(owner, layer, row, 0)

    def by_token(self):
        """Whether its reader returns one token, whose place it is told."""
        names = self.use.reader if isinstance(self.use.reader, tuple) else (self.use.reader,)
        if self.use.read_layout is None or "t" in self.use.read_layout:
            return False
        readers = [getattr(self.use.kind, n) for n in names if n not in (None, "attributes")]
        return any("position" in indexes(reader) for reader in readers)

    def _read_at(self, owner, layer, row, at):
        """What the reader returns from position `at` on."""
        reader = self.use.reader
        name = self.rows[row]
        known = {
            "layer": layer, "row": name, "first": 0, "position": at,
            "length": int(self.counts[layer, row]),
            "lengths": self.counts[layer].copy(), "batch_size": name, "num_layers": layer,
            "new_tokens": int(self.counts[layer, row]), "tokens": int(self.counts[layer, row]),
        }  # fmt: skip
        if reader is None:
            pair = self.returned.get((layer, row if "b" not in self.use.layout else None))
        elif reader == "attributes":
            layers = self.config["num_layers"] if self.use.layered else 0
            pair = attribute_pair(owner, layer, layers)
        elif isinstance(reader, tuple):
            pair = [np.array(self._heads_of(owner, name, known)) for name in reader]
        elif "head" in indexes(getattr(self.use.kind, reader)):
            parts = self._heads_of(owner, reader, known)
            pair = [np.array([part[i] for part in parts]) for i in (0, 1)]
        else:
            pair = call(getattr(owner, reader), known, self.use.pieces)
        if isinstance(pair, dict):
            pair = list(pair.values())
        return pair if isinstance(pair, (tuple, list)) and len(pair) >= 2 else None

    def _heads_of(self, owner, name, known):
        """What a method returns; head by head, if it takes a head."""
        method = getattr(owner, name)
        if "head" not in indexes(getattr(self.use.kind, name)):
            return call(method, known, self.use.pieces)
        heads = range(self.config["num_heads"])
        return [call(method, {**known, "head": h, "num_heads": h}, self.use.pieces) for h in heads]

    def read(self, layer, row):
        """Keys and values of one row, (H, length, d) each."""
        pair = self.raw_read(layer, row)
        if pair is None:
            raise NotTestable("what it holds cannot be read back")
        return tuple(self._row_of(part, layer, row) for part in pair[:2])

    def _row_of(self, value, layer, row):
        layout = self.use.read_layout or axes_of(np.shape(value))
        layout = f"t{layout}" if self.by_token() else layout
        if layout.startswith("b") and isinstance(value, list):
            value, layout = value[row], layout[1:]
        array = np.asarray(value)
        for axis, index in (("l", layer), ("b", row)):
            if axis in layout:
                array, layout = array.take(index, layout.index(axis)), layout.replace(axis, "")
        array = restored(array, layout, self.config["num_heads"])
        mine = int(self.counts[layer, row])
        longest = int(self.counts[layer].max())
        return array[:, :mine] if self.use.padded or array.shape[1] == longest else array

    def lengths(self):
        """The lengths that the output reports for layer 0, (B,). Raises NotTestable."""
        if not self.use.per_row_objects:
            return self._told(self.object(0), None)
        return np.array(
            [self._told(self.object(0, row), row) for row in range(len(self.objects[0]))]
        )

    def _told(self, owner, row):
        named = self.use.length_name
        for name in length_names(owner) if named is None else filter(None, [named]):
            found = told_by(owner, name, self.rows[row or 0], self.use.pieces)
            rows = per_row(owner, name) and self.config["batch_size"] > 1 and row is None
            if rows and found is not None:
                every = range(self.config["batch_size"])
                found = np.array(
                    [told_by(owner, name, self.rows[r], self.use.pieces) for r in every]
                )
            if found is not None:
                found, axis = np.asarray(found), self.use.length_axis
                found = found if axis is None else found.take(0, axis)
                return found[0] if found.ndim == 2 else found
        raise NotTestable("it reports no length")

    def bytes(self):
        """The bytes that the output reports, over all its objects. Raises NotTestable."""
        return sum(
            reported_bytes(owner, self.use.pieces) for rows in self.objects for owner in rows
        )
