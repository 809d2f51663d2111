"""Writes a pack of all objects of a repository with dulwich's own deltas, which make deltas of pointers too."""
import sys
from dulwich.pack import deltify_pack_objects, write_pack_data
from dulwich.repo import Repo

repo = Repo(sys.argv[1])
store = repo.object_store
ids = [line.split()[0].encode() for line in sys.stdin if line.strip()]
objects = [(store[id], b"") for id in ids]
records = list(deltify_pack_objects(iter(objects), window_size=20))
with open(sys.argv[2], "wb") as pack:
    write_pack_data(pack.write, iter(records), num_records=len(records))
