"""The accelerator in MyHDL: one block a file, the top level, the Verilog export."""
