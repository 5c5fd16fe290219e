internal import CEspalierModelFile

extension ModelFileError {
  /// Why the first two gates refused.
  init(_ status: esp_model_status, at offset: UInt64) {
    let (code, cause): (Code, StaticString) =
      switch status {
      case ESP_MODEL_TOO_SHORT:
        (.tooShort, "the file ends within its first 64 bytes; it may be truncated")
      case ESP_MODEL_BAD_MAGIC: (.badMagic, "this is no Espalier model file")
      case ESP_MODEL_BAD_LENGTH:
        (.badLength, "the file is not as long as it says; it may be truncated")
      case ESP_MODEL_NEWER_VERSION:
        (.unsupportedVersion, "only major version 1 is known; convert again, or update Espalier")
      case ESP_MODEL_UNKNOWN_FEATURE:
        (
          .unknownFeature,
          "the file uses a packing that this Espalier does not read; convert again, or update it"
        )
      case ESP_MODEL_BAD_CHECKSUM:
        (.badChecksum, "the checksum does not match; the file is damaged, copy it again")
      case ESP_MODEL_BAD_SEGMENT: (.badSegment, "the parts of the file do not fit together")
      case ESP_MODEL_MISALIGNED: (.misaligned, "the bytes here are not aligned")
      default: (.badStructure, "the header is malformed")
      }
    self.init(code, at: .byte(offset), cause)
  }
}
