"""Horizon's settings for a test: what openstack_dashboard.settings takes as local.local_settings."""
import os

DEBUG = False
WEBROOT = "/"
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ["HORIZON_SECRET"]
OPENSTACK_KEYSTONE_URL = os.environ["HORIZON_KEYSTONE"]
# The compressed styles and scripts, made once for each version of Horizon.
STATIC_ROOT = os.environ["HORIZON_STATIC"]
COMPRESS_OFFLINE = True
# One process: its memory keeps the sessions.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"file": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["file"], "level": "INFO"},
}
