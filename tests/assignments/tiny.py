# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [raw]
# # ASSIGNMENT CONFIG
# name: tiny
# init_cell: true
# export_cell: {pdf: false, run_tests: true, instructions: Save first.}
# generate: {print_summary: false}
# tests: {files: false, ok_format: false}
# show_question_points: true

# %% [markdown]
# # A tiny assignment

# %%
import torch

ones = torch.ones(3)

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 5

# %% [markdown]
# **1.** Write `mf_score`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def mf_score(first, second, bias_first, bias_second, bias):
    """(P, d), (P, d), (P,), (P,), () -> (P,)"""
    # BEGIN SOLUTION
    return (first * second).sum(1) + bias_first + bias_second + bias
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
"""  # END TEST CONFIG


def test_public(mf_score):
    import mtsgns_lite as mt

    verdict = mt.check.mf_score(mf_score)
    assert verdict, verdict


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 3
"""  # END TEST CONFIG


def test_hidden(mf_score):
    import torch

    rows = torch.randn(7, 3)
    assert mf_score(rows, rows, torch.zeros(7), torch.zeros(7), torch.tensor(0.0)).allclose((rows * rows).sum(1))


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 3
# manual: true

# %% [markdown]
# **2.** In five sentences: why?
#
# Rubric: one point ...

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Because.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
