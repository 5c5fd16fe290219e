internal import EspalierEvaluation

/// What is wrong with a variable of the environment that is read; `nil` where all is well.
package func environmentFault() -> String? { Threads.fault }
