"""Hints for the exceptions that learners meet most."""

from __future__ import annotations

_KNOWN = {  # a hint: words of the messages that it helps with
    "An input that needs a gradient is written into: make a new tensor instead.": (
        "leaf variable that requires grad",
        "modified by an inplace operation",
    ),
    "The gradient ends where NumPy begins: stay with torch throughout.": ("call numpy() on tensor that requires grad",),
    "This function of torch was given something that is no tensor: make one of it first.": (
        "must be tensor",
        "must be a tensor",
        "received an invalid combination of arguments",
    ),
    "NumPy and torch are mixed: a NumPy array has no such method.": ("'numpy.ndarray' object has no attribute",),
    "`torch.dot` takes two single vectors; here every row of a batch is a vector.": (
        "1d tensors expected",
        "inconsistent tensor size",
    ),
    "Two shapes don't fit: print both, and say which axis is which.": (
        "must match the size of tensor",
        "shapes cannot be multiplied",
        "could not be broadcast together",
        "not aligned",
        "matmul: input operand",
        "must match the existing size",
        "is invalid for input of size",
        "2d tensors expected",
        "must be batches of",
        "batch1 tensor",
        "expected size for",
        "must be the same as input size",
    ),
    "That axis does not exist: a tensor of shape (P, d) has axes 0 and 1.": ("dimension out of range",),
    "A place outside the tensor or list is read: look at the first and the last.": (
        "out of bounds",
        "index out of range",
    ),
    "A new tensor was made on another device than the inputs'.": ("expected all tensors to be on the same device",),
    "The types of two tensors differ: turn one into the other's with `.to(other.dtype)`.": (
        "expected scalar type",
        "same dtype",
        "long and float",
        "but found",
    ),
    "A whole tensor stands where one number is due.": (
        "can only be converted to python scalars",
        "cannot be converted to scalar",
    ),
    "`if` needs one yes or no, and got a whole tensor: choose row by row with `torch.where`.": (
        "boolean value of tensor",
        "truth value of an array",
    ),
    "An item can be drawn again: draw with replacement.": ("cannot sample n_sample",),
    "These are no shares: divide the weights by their sum.": ("probabilities do not sum to 1",),
    "All weights are 0, or one is negative or not finite: look at what the counts became.": (
        "invalid multinomial distribution",
        "probability tensor contains either",
    ),
    "The function calls itself without an end.": ("maximum recursion depth",),
    "Something is divided by a count that can be 0.": ("division by zero",),
}


def advice(error: BaseException) -> str:
    """A hint for an exception, empty where there is none."""
    try:
        words = str(error).lower()
    except Exception:  # an exception of the learner's own
        words = ""
    for hint, parts in _KNOWN.items():
        if any(part in words for part in parts):
            return hint
    if isinstance(error, NameError):
        return "A name is used that is not defined there: is it spelt as in the line that makes it?"
    if isinstance(error, SystemExit):
        return "The function ends the program: return a value instead."
    return ""
