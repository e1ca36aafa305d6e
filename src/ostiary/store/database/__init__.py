"""What operators set and what was seen, in SQL: SQLite by default, PostgreSQL by URL.

Enter by ``ostiary.store.database.database.Database``; plain frozen records go in and come out.
"""
