extension BenchReport {
  /// The document as one line of JSON.
  public var json: String {
    var writer = JSONWriter()
    writer.object { document in
      document.string("schema", "espalier.bench/1")
      document.integer("threads", threads)
      document.string("isa", isa)
      document.number("peak_gflops", peakGigaflops)
      document.array("samples_ns") { list in
        for sample in samples.nanoseconds { list.integer(nil, sample) }
      }
      document.integer("median_ns", samples.median)
      document.integer("p90_ns", samples.percentile(.p90))
      document.integer("load_ns", loadNanoseconds)
      document.integer("arena_bytes", arenaBytes)
      document.integer("weight_bytes", weightBytes)
      document.integer("transformed_bytes", transformedBytes)
      document.integer("file_bytes", fileBytes)
      document.boolean("steady", isSteady)
      document.object("environment") { both in
        both.object("before") { before.write(to: &$0) }
        both.object("after") { after.write(to: &$0) }
      }
      document.array("layers") { list in
        for layer in layers { list.object { layer.write(to: &$0, share: shareOfPeak(layer)) } }
      }
    }
    return writer.text
  }
}

extension BenchReport.Layer {
  fileprivate func write(to object: inout JSONWriter, share: Double?) {
    object.string("name", name)
    object.string("op", operation)
    object.string("kernel", kernel)
    object.string("encoding", encoding)
    object.number("density", density)
    object.integer("macs", macs)
    object.integer("executed_macs", executedMacs)
    object.integer("median_ns", medianNanoseconds)
    object.number("gflops", gigaflops)
    object.number("dense_equivalent_gflops", denseEquivalentGigaflops)
    object.number("share_of_peak", share)
    object.string("reason", reason)
    object.integer("chosen_ns", chosenNanoseconds)
    object.integer("dense_ns", denseNanoseconds)
  }
}

extension BenchReport.Environment {
  fileprivate func write(to object: inout JSONWriter) {
    object.integer("cores", cores)
    object.string("governor", governor)
    object.number("khz", kilohertz)
    object.number("celsius", celsius)
    object.number("load_average", loadAverage)
  }
}
