#!/bin/sh
# Regenerates converter/ONNX/generated/onnx.pb.swift after a change to converter/ONNX/onnx.proto.
# Needs protoc (Debian: protobuf-compiler); the Swift plugin is built from the swift-protobuf package.
set -eu
cd "$(dirname "$0")/.."

swift package resolve
scratch=.build/protoc-gen-swift
swift build -c release --package-path .build/checkouts/swift-protobuf --scratch-path "$scratch" \
  --product protoc-gen-swift
protoc --plugin="$scratch/release/protoc-gen-swift" --swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true \
  --swift_out=converter/ONNX/generated --proto_path=converter/ONNX converter/ONNX/onnx.proto

# The generator does not mark its shared default instance for strict memory safety.
sed -i 's/ = _StorageClass\.defaultInstance/ = unsafe _StorageClass.defaultInstance/' \
  converter/ONNX/generated/onnx.pb.swift
