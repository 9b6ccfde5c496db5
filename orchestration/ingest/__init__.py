"""Reading what people hand in: workbooks, ERP exports, units, corrections."""
