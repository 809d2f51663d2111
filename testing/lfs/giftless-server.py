"""Serves LFS objects from a folder with giftless, on a free port, which it prints."""
import sys
import warnings

warnings.simplefilter("ignore")
from giftless.app import init_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

basic = {
    "factory": "giftless.transfer.basic_streaming:factory",
    "options": {
        "storage_class": "giftless.storage.local_storage:LocalStorage",
        "storage_options": {"path": sys.argv[1]},
    },
}
app = init_app(
    additional_config={
        "TESTING": True,
        "AUTH_PROVIDERS": ["giftless.auth.allow_anon:read_write"],
        "TRANSFER_ADAPTERS": {"basic": basic},
    }
)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
