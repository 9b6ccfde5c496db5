"""What a collection round needs beside the hand-ins: approvals, and workbooks to and fro."""
