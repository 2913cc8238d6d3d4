"""The scissors: what an exercise leaves for a learner, and what can't be cut."""

from __future__ import annotations

from types import ModuleType

import pytest

STUBS = """
def f(x):
    y = x
    return y
=>
def f(x):
    return ...
====
def f(x):
    '''Says.'''

    # Why?
    return x  # so
=>
def f(x):
    '''Says.'''

    # Why?
    return ...
====
def f(x):
    @decorated
    def inner():
        pass

    return inner
=>
def f(x):
    return ...
====
def f():
    if a:
        return 1
    else:
        return 2
=>
def f():
    return ...
====
def f(models):
    for x in models:
        x.step()
=>
def f(models):
    return ...
====
def f():
    return 1


K = 3


async def g():
    return 2
=>
def f():
    return ...


K = 3


async def g():
    return ...
====
class A(B):
    k = 1

    def f(self):
        return 1

    @property
    def g(self):
        return 2
=>
class A(B):
    k = 1

    def f(self):
        return ...

    @property
    def g(self):
        return ...
====
def given(x):
    return x


def f(x):
    y = given(x)
    # solution
    z = y + x
    return z
    # end
=>
def given(x):
    return x


def f(x):
    y = given(x)
    return ...
====
def f(x):
    # solution
    z = x
    # end
    return z
=>
def f(x):
    z = ...
    return z
====
def f(walk):
    # solution
    found, seen = [], 0
    for item in walk:
        found.append(item)
        seen += len(walk)
    # end
    return found
=>
def f(walk):
    found = ...
    return found
====
# solution
kept = 2
rows = [item for item in range(kept)]
# end
for item in names:
    print(item, kept, names)
=>
kept = rows = ...
for item in names:
    print(item, kept, names)
====
class A:
    def __init__(self):
        # solution
        self.p = 1
        # end

    def f(self):
        # solution
        return 1
        # end
=>
class A:
    def __init__(self):
        self.p = ...

    def f(self):
        return ...
====
a = 1
# solution
b = a
c = b
# end
d = 2
=>
a = 1
c = ...
d = 2
====
# solution
a, b = 1, 2
# end
=>
a = b = ...
====
# solution
a: int = 1
# end
=>
a = ...
====
# solution
x[0] = y = 1
# end
=>
x[0] = y = ...
====
# solution
def f():
    return 1
# end
=>
f = ...
====
# solution
print(1)
# end
=>
...
====
if a:
    # Look:
    # solution
        # a secret

    b = 1
    # end
=>
if a:
    # Look:
    b = ...
"""


@pytest.mark.parametrize("pair", STUBS.strip().split("\n====\n"))
def test_stub(cutting: ModuleType, pair: str):
    code, stub = pair.split("\n=>\n")
    assert cutting.stub(code) == stub
    compile(stub, "stub", "exec")
    answer = cutting.whole(code)
    compile(answer, "answer", "exec")
    assert [line for line in stub.splitlines() if line not in answer.splitlines() and not line.endswith("...")] == []
    assert cutting.START not in answer + stub
    assert cutting.END not in answer + stub
    kept = stub.splitlines()
    left_out = [line for line in answer.splitlines() if line not in kept and line.strip()]
    assert {*left_out} <= {*cutting.cut_lines(code)}


REFUSED = """
nothing to cut
a = 1
====
needs an '# end'
# solution
a = 1
====
needs an '# end'
# solution
# solution
a = 1
# end
# end
====
needs an '# end'
# end
a = 1
# solution
====
No code stands between
# solution
# only words
# end
====
whole statements
def f():
    if a:
        # solution
        b = 1
    else:
        # end
        b = 2
====
whole statements
def f(: pass
====
f has no lines of its own
def f(): return 1
====
f has no lines of its own
def f():
    '''Only words.'''
====
f would fail, or return something
def f(x):
    # solution
    y = x
    # end
    return y + 1
====
f would fail, or return something
def f(x):
    # solution
    y = x
    # end
    y += 1
    return y
====
f would fail, or return something
def f(numbers):
    y = 0
    for z in numbers:
        # solution
        y += z
        # end
    return y
====
f would fail, or return something
def f(x):
    if x:
        # solution
        return 1
        # end
    return 2
====
f would fail, or return something
def f(numbers):
    for z in numbers:
        # solution
        z.step()
        # end
"""


@pytest.mark.parametrize("case", REFUSED.strip().split("\n====\n"))
def test_what_cannot_be_cut_is_refused_in_a_sentence(cutting: ModuleType, case: str):
    words, code = case.split("\n", 1)
    with pytest.raises(ValueError, match=words):
        cutting.stub(code)


@pytest.mark.parametrize(
    ("words", "below"),
    [
        ("[a](01_b.ipynb) and [c](./02_d.ipynb#e)", "[a](../01_b.ipynb) and [c](../02_d.ipynb#e)"),
        ("![p](../docs/p.png)", "![p](../../docs/p.png)"),
        ("[a](https://example.org/a.html) [b](#part)", "[a](https://example.org/a.html) [b](#part)"),
        ("the row `table[0](x)` or `p[1](x.y + 1)`", "the row `table[0](x)` or `p[1](x.y + 1)`"),
    ],
)
def test_links_from_one_folder_below(cutting: ModuleType, words: str, below: str):
    assert cutting.one_folder_below(words) == below
