"""Item texts and what a model reads of them: word pieces learned on the catalogue, or hashed character n-grams."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import numpy as np

from .catalogue import UNKNOWN, Catalogue

PAD = 0  # the piece that fills a row up


def item_texts(catalogue: Catalogue, columns: Sequence[str] = ("name",)) -> list[str]:
    """One text per item: its name, the text of some traits, or several of these with a blank between; "" for nothing.

    Raises ``ValueError`` for a column that is neither "name" nor a trait.
    """
    for column in columns:
        if column != "name" and column not in catalogue.traits:
            there = ", ".join(["name", *catalogue.traits])
            raise ValueError(f"There is no text {column!r}: choose from {there}.")
    words = [catalogue.names.tolist() if column == "name" else
             [text if text != UNKNOWN else "" for text in map(catalogue.traits[column].text, range(len(catalogue)))]
             for column in columns]  # fmt: skip
    return [" ".join(part.strip() for part in parts if part.strip()) for parts in zip(*words)]


class WordPieces:
    """Cuts a text into pieces of words: SentencePiece's unigram model (Kudo 2018), made of the catalogue's own texts.

    A frequent word is one piece, a rare or misspelt one falls into several, down to letters, so no text is unknown.
    Letter case and the many ways to write one character are made alike first (Unicode's NFKC and case folding).

    Attributes
    ----------
    model : bytes, SentencePiece's own file; the same bytes cut the same way.
    """

    def __init__(self, model: bytes):
        spm = _sentencepiece()
        self.model, self._cutter = model, spm.SentencePieceProcessor(model_proto=model)

    @classmethod
    def learn(cls, texts: Sequence[str], size: int = 2_000) -> WordPieces:
        """Learn at most `size` pieces. Raises ``ValueError`` where no text holds a letter."""
        distinct = sorted({text for text in texts if text.strip()})
        if not distinct:
            raise ValueError("No item has a text to learn word pieces from: name the columns that hold it with text=.")
        out = io.BytesIO()
        _sentencepiece().SentencePieceTrainer.train(
            sentence_iterator=iter(distinct), model_writer=out, vocab_size=size, model_type="unigram",
            hard_vocab_limit=False, character_coverage=1.0, normalization_rule_name="nmt_nfkc_cf", num_threads=1,
            pad_id=PAD, unk_id=1, bos_id=-1, eos_id=-1, minloglevel=2,
        )  # fmt: skip
        return cls(out.getvalue())

    def __len__(self) -> int:
        return self._cutter.vocab_size()

    def pieces(self, text: str) -> list[str]:
        """A text's pieces, to be read; "▁" stands where a word begins."""
        return self._cutter.encode(text, out_type=str)

    def ids(self, texts: Sequence[str], length: int, seed: int | None = None) -> np.ndarray:
        """(texts, length) numbers of the pieces, `PAD` after the last; a longer text is cut off.

        With a `seed` each text is cut in one of its likelier ways, drawn at random (subword regularisation, Kudo 2018):
        a model that saw several is not thrown by a letter that is missing.
        """
        if seed is None:
            rows = self._cutter.encode(list(texts))
        else:
            _sentencepiece().set_random_generator_seed(seed)
            rows = [self._cutter.encode(text, enable_sampling=True, alpha=0.2, nbest_size=-1) for text in texts]
        return padded(rows, length)


def letter_grams(texts: Sequence[str], buckets: int, shortest: int = 3, longest: int = 5) -> list[list[int]]:
    """Each text's words, and the runs of 3 to 5 letters in them, each hashed to a number from 1 to `buckets`.

    As in fastText (Bojanowski et al. 2017), "<" and ">" mark where a word begins and ends.
    """

    def numbers(text: str) -> list[int]:
        words = [f"<{word}>" for word in text.casefold().split()]
        grams = [word[start : start + size] for word in words for size in range(shortest, longest + 1)
                 for start in range(len(word) - size + 1)]  # fmt: skip
        return [1 + zlib.crc32(gram.encode()) % buckets for gram in words + grams]

    return [numbers(text) for text in texts]


def padded(rows: Sequence[Sequence[int]], length: int | None = None) -> np.ndarray:
    """(rows, length) with `PAD` after the last number of each; by default as long as the longest row."""
    length = max((len(row) for row in rows), default=1) if length is None else length
    table = np.full((len(rows), max(1, length)), PAD, dtype=np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row[:length]
    return table


def _sentencepiece():
    try:
        import sentencepiece
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'Word pieces need the package sentencepiece: pip install sentencepiece, or take encoder="ngrams".'
        ) from error
    return sentencepiece
