"""What a collection round needs beside the hand-ins: papers to sign, and workbooks to and fro."""
