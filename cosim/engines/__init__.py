"""What runs the design besides MyHDL: Icarus Verilog and Verilator, on the Verilog that users take away."""
