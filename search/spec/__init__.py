"""The sweep file: read, checked, typed."""
