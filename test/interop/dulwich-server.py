"""Serves the repositories of a folder with dulwich's smart HTTP server, and prints the port that it took.

What `python3 -m dulwich.web` does, for more than one repository: each is opened anew for every request, as the
tests change them behind the server's back.
"""

import os
import sys
from wsgiref.simple_server import make_server

from dulwich.repo import Repo
from dulwich.server import Backend
from dulwich.web import WSGIRequestHandlerLogger, WSGIServerLogger, make_wsgi_chain


class Folder(Backend):
    def __init__(self, root):
        self.root = root

    def open_repository(self, path):
        return Repo(os.path.join(self.root, os.path.basename(path)))


app = make_wsgi_chain(Folder(sys.argv[1]))
server = make_server(
    "127.0.0.1", 0, app, handler_class=WSGIRequestHandlerLogger, server_class=WSGIServerLogger
)
print(server.server_port, flush=True)
server.serve_forever()
