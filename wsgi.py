"""The composition root: the core with its plugins. `flask run` and gunicorn find it by name."""

from flask import Flask

from channels.plugin import plugin as channels
from helpdesk.app import create_app as build
from sla.plugin import plugin as sla


def create_app() -> Flask:
    return build([channels, sla])
