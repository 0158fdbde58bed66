"""The manager's reports: each is a Sheet (dashboard/sheets.py), shown as a page and handed on as CSV, XLSX or PDF."""

from __future__ import annotations

from dashboard.reports.pages import bp as bp
