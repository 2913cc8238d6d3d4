"""Hints for the exceptions that learners meet most."""

from __future__ import annotations

_KNOWN = {  # a hint: words of the messages that it helps with
    "An input that needs a gradient is written into: make a new tensor instead.": (
        "leaf variable that requires grad",
        "modified by an inplace operation",
    ),
    "`generator` is torch's: hand it to a function of torch, as `generator=generator`.": (
        "'torch._c.generator' object",
        "<torch._c.generator",
    ),
    "The gradient ends where NumPy begins: stay with torch throughout.": ("call numpy() on tensor that requires grad",),
    "This function of torch was given something that is no tensor: make one of it first.": (
        "must be tensor",
        "must be a tensor",
        "received an invalid combination of arguments",
    ),
    "NumPy and torch are mixed: a NumPy array has no such method.": ("'numpy.ndarray' object has no attribute",),
    "A tensor has no such method: it may be one of NumPy's, or a function.": ("'tensor' object has no attribute",),
    "Lists can't be computed with as tensors can: make a tensor of the list first.": (
        "can't multiply sequence",
        "can only concatenate list",
        "for -: 'list'",
        "for /: 'list'",
        "for **: 'list'",
    ),
    "Something is None: does every function that is called return what it makes?": ("'nonetype'",),
    "A single number stands where several are due.": ("is not iterable", "has no len()", " 0-d tensor"),
    "More of the largest are asked for than there are: `k` may exceed the number of items.": (
        "selected index k out of range",
        "kth(",
    ),
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
        "to be equal size",
        "same number of dimensions",
        "sizes of tensors must match",
        "cannot be concatenated",
        "cannot reshape array",
        "inhomogeneous shape",
        "number of subscripts in the equation",
        "channels, but got",
    ),
    "That axis does not exist: a tensor of shape (P, d) has axes 0 and 1.": (
        "dimension out of range",
        "is out of bounds for array of dimension",
    ),
    "There are more indices in the brackets than axes: print the shape.": ("too many indices",),
    "A place must be a whole number, or there is a True or False for each.": (
        "used as indices must be",
        "are valid indices",
        "indices must be integers",
    ),
    "A place outside the tensor or list is read: look at the first and the last.": (
        "out of bounds",
        "index out of range",
    ),
    "A new tensor was made on another device than the inputs'.": ("expected all tensors to be on the same device",),
    "`&`, `|` and `~` take booleans, and were given floating-point numbers: `.bool()` or a comparison makes some.": (
        "bitwise_",
        "operator.invert",
        "unary ~",
    ),
    "The types of two tensors differ: turn one into the other's with `.to(other.dtype)`.": (
        "expected scalar type",
        "same dtype",
        "long and float",
        "but found",
    ),
    "These numbers are whole, and floating-point ones are needed: `.float()` makes them.": (
        "could not infer output dtype",
        "only supports floating-point",
        "not implemented for 'long'",
        "can't be cast to the desired output type long",
    ),
    "These numbers are floating-point, and whole ones are needed: `.long()` makes them.": (
        "not implemented for 'float'",
        "not implemented for 'double'",
    ),
    "A whole tensor stands where one number is due.": (
        "only 0-dimensional arrays",
        "only one element tensors",
        "only length-1 arrays",
        "can only be converted to python scalars",
        "cannot be converted to scalar",
    ),
    "`if` needs one yes or no, and got a whole tensor: choose row by row with `torch.where`.": (
        "boolean value of tensor",
        "truth value of an array",
    ),
    "An item can be drawn again: draw with replacement.": ("cannot sample n_sample", "larger sample than population"),
    "These are no shares: divide the weights by their sum.": ("probabilities do not sum to 1",),
    "There must be one share for each item that can be drawn.": ("a and p must have same size",),
    "All weights are 0, or one is negative or not finite: look at what the counts became.": (
        "invalid multinomial distribution",
        "probability tensor contains either",
        "probabilities contain nan",
        "probabilities are not non-negative",
    ),
    "A number is NaN or infinite there: before it, something was divided by 0, or the logarithm of 0 was taken.": (
        "contains nan",
        "contain infs or nans",
        "float nan to integer",
        "float infinity to integer",
    ),
    "An input, or what is selected of it, can be empty: say what holds then.": (
        "empty sequence",
        "zero-size array",
        "to have non-zero size",
        "input.numel() == 0",
        "expects a non-empty",
        "expected a non-empty",
    ),
    "The logarithm of 0 or of a negative number is taken, or a root of a negative one.": (
        "math domain error",
        "expected a positive input",
    ),
    "A number grew too large: where is an exponential taken?": ("math range error",),
    "This function does not do such inputs: which types and shapes are they?": ("could not run 'aten",),
    "The function calls itself without an end.": ("maximum recursion depth",),
    "Something is divided by a count that can be 0.": ("by zero",),
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
