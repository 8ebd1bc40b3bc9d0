"""The web server's configuration, for the supervisor and for production: `gunicorn -c python:helpdesk.server`.

Threads, not greenlets: a live stream holds a thread that sleeps, and C calls
(password hashing) do not stop the others.
"""

from __future__ import annotations

from typing import Any

from helpdesk import logs, processes
from helpdesk.settings import settings

_settings = settings()

wsgi_app = "wsgi:create_app()"
bind = [f"{_settings.host}:{_settings.port}"]
preload_app = True  # workers are forks that share the loaded application
proc_name = "kept-web"

worker_class = "gthread"
workers = _settings.web_workers
threads = _settings.streams + 40  # every stream may be taken and pages are still served
worker_connections = threads * 3  # the default starves: idle kept-alive connections count
keepalive = 15
timeout = 60
graceful_timeout = 10
max_requests = 0

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

forwarded_allow_ips = "127.0.0.1" if _settings.trusted_proxies == 0 else "*"
worker_tmp_dir = None
control_socket_disable = True
accesslog = None  # paths of links signed for one person do not belong in a log
errorlog = "-"
loglevel = "warning"


def post_fork(arbiter: Any, _worker: Any) -> None:
    """A worker must not outlive its arbiter, however that ends."""
    processes.die_with(arbiter.pid)
    logs.configure(process="web")


def post_worker_init(worker: Any) -> None:
    """Live streams end when this worker is told to stop; without it they would hold it for half a minute."""
    hub = worker.wsgi.extensions["live"]
    hub.is_alive = lambda: worker.alive
    hub.start()
