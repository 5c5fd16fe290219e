// Runs a model of one float32 input and one float32 output. Reads the input's numbers, one a line, and
// prints the output's.
//
//   RunModel MODEL.esp <INPUT.txt
import EspalierExecutor
import EspalierMeasure

let model = try Model(contentsOf: CommandLine.arguments[1])
var session = try Session(model)
var input: [Float] = []
while let line = readLine() { input += line.split(separator: " ").compactMap { Float($0) } }
var output = [Float](repeating: 0, count: model.outputs[0].count)
try session.run(input, into: &output)
for number in output { print(number) }
