"""Machines that report their faults: by HTTP with a key, or by MQTT."""
