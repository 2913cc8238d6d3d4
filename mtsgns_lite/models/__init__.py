"""Models, each a page: what it looks up, and what its loss is."""

from .base import ItemModel
from .comirec import ComiRecDR, ComiRecSA
from .gru4rec import GRU4Rec
from .mf import MatrixFactorization
from .mind import MIND
from .sgns import SGNS
from .siamese import ContentSGNS
from .traits import MultiTraitSGNS

KINDS: dict[str, type[ItemModel]] = {
    kind.__name__: kind
    for kind in (MatrixFactorization, SGNS, MultiTraitSGNS, ContentSGNS, GRU4Rec, MIND, ComiRecDR, ComiRecSA)
}
