// What a user of `import Espalier` sees of the parts behind it.
@_exported public import EspalierCoupling
@_exported public import EspalierExecutor
@_exported public import EspalierGraph
@_exported public import EspalierHost
@_exported public import EspalierLatencyReport
@_exported public import EspalierMeasure
@_exported public import EspalierONNX
@_exported public import EspalierPruning
@_exported public import EspalierZoo
