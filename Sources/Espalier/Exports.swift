// What `import Espalier` brings from the modules behind it: the types that users name, and no more.
// Espalier.docc/Espalier.md lists them and everything that this module adds.

// running
@_exported public import struct EspalierBoard.BoardError
// pruning
@_exported public import struct EspalierCoupling.FrozenAxis
@_exported public import enum EspalierExecutor.ExecutorError
@_exported public import enum EspalierExecutor.InstructionSet
@_exported public import struct EspalierExecutor.Model
@_exported public import struct EspalierExecutor.RunError
@_exported public import struct EspalierExecutor.Session
@_exported public import struct EspalierExecutor.StepInfo
@_exported public import struct EspalierExecutor.TensorInfo
// graphs and tensors
@_exported public import enum EspalierGraph.Attribute
@_exported public import enum EspalierGraph.ElementType
@_exported public import struct EspalierGraph.Graph
@_exported public import struct EspalierGraph.Tensor
@_exported public import struct EspalierGraph.TensorType
// packing for this machine
@_exported public import struct EspalierHost.MeasuringOptions
// measuring
@_exported public import struct EspalierLatencyReport.BenchReport
@_exported public import struct EspalierLatencyReport.Samples
@_exported public import enum EspalierMeasure.LoadError
@_exported public import enum EspalierModelFile.ElementCode
@_exported public import struct EspalierPruning.CalibrationArray
@_exported public import enum EspalierPruning.CalibrationSource
@_exported public import enum EspalierPruning.ChannelBudget
@_exported public import enum EspalierPruning.ChannelCriterion
@_exported public import struct EspalierPruning.ChannelPruner
@_exported public import struct EspalierPruning.ChannelReport
@_exported public import struct EspalierPruning.ChannelStep
@_exported public import struct EspalierPruning.LayerShare
@_exported public import enum EspalierPruning.MagnitudeCriterion
@_exported public import struct EspalierPruning.MagnitudePruner
@_exported public import struct EspalierPruning.PipelineReport
@_exported public import struct EspalierPruning.PrunedModel
@_exported public import struct EspalierPruning.PruningError
@_exported public import enum EspalierPruning.PruningPattern
@_exported public import struct EspalierPruning.PruningReport
@_exported public import enum EspalierPruning.PruningScope
@_exported public import enum EspalierPruning.PruningStage
@_exported public import enum EspalierPruning.PruningStep
@_exported public import enum EspalierPruning.ReconstructionCriterion
@_exported public import struct EspalierPruning.Refit
@_exported public import enum EspalierPruning.ScoreAggregation
@_exported public import enum EspalierPruning.ScoreFile
@_exported public import enum EspalierPruning.ScoreNormalisation
@_exported public import struct EspalierPruning.StepCalibration
@_exported public import enum EspalierPruning.WeightCriterion
@_exported public import struct EspalierPruning.ZeroStep
@_exported public import enum EspalierZoo.Zoo
