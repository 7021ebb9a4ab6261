"""The demo's data: a cleaning company with two years of leads, bookings and quotes, the same for the same seed."""

from gateway.demo_data.load import Demo, load_demo, load_rows, loaded_demo

__all__ = ["Demo", "load_demo", "load_rows", "loaded_demo"]
