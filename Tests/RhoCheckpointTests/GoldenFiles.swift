import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor

/// Reference numbers of one family, made by Tests/Goldens/make_goldens.py.
struct Golden {
    struct Step {
        var loss: Double
        var gradientNorm: Double
        var rate: Double
    }
    struct Greedy {
        var prompt: [Int32]
        var penalty: Double
        var continuation: [Int32]
    }

    let directory: String
    let tensors: Safetensors
    let grid: TokenGrid
    let targets: [Int32]
    /// 1 / selected on selected tokens, 0 elsewhere.
    let weights: [Float]
    let tokenLosses: [Float]
    /// Logits at the last position of each row.
    let lastLogits: [Float]
    let parameters: Int
    let steps: [Step]
    let greedy: [Greedy]

    static func directory(_ family: String) -> String {
        "\(Files.parent(of: Files.parent(of: #filePath)))/Goldens/\(family)"
    }

    init(_ family: String) throws {
        directory = Self.directory(family)
        tensors = try Safetensors(path: "\(directory)/golden.safetensors")
        let json = try JSON.parse(Files.read("\(directory)/golden.json"))
        func numbers(_ value: JSON?) throws -> [Double] {
            guard let list = value?.arrayValue else { throw RhoError(.format, "golden.json: a list is missing") }
            return list.map { $0.doubleValue ?? .nan }
        }
        func ids(_ value: JSON?) throws -> [Int32] { try numbers(value).map { Int32($0) } }
        grid = try TokenGrid(
            batch: json["rows"]?.intValue ?? 0, tokens: json["tokens"]?.intValue ?? 0, ids: ids(json["ids"]))
        targets = try ids(json["targets"])
        let selected = try numbers(json["selected"])
        let count = selected.reduce(0, +)
        weights = selected.map { Float($0 / count) }
        tokenLosses = try numbers(json["token_losses"]).map { Float($0) }
        lastLogits = try numbers(json["last_logits"]).map { Float($0) }
        parameters = json["parameters"]?.intValue ?? 0
        steps = (json["steps"]?.arrayValue ?? []).map {
            Step(
                loss: $0["loss"]?.doubleValue ?? .nan, gradientNorm: $0["gradient_norm"]?.doubleValue ?? .nan,
                rate: $0["learning_rate"]?.doubleValue ?? .nan)
        }
        greedy = try (json["greedy"]?.arrayValue ?? []).map {
            Greedy(
                prompt: try ids($0["prompt"]), penalty: $0["repetition_penalty"]?.doubleValue ?? 1,
                continuation: try ids($0["continuation"]))
        }
    }
}

/// ‖a − b‖ / ‖b‖ over the values for which `keep` holds.
func relativeDistance(_ a: [Float], _ b: [Float], keep: (Int) -> Bool = { _ in true }) -> Double {
    guard a.count == b.count else { return .infinity }
    var difference = 0.0, size = 0.0
    for index in a.indices where keep(index) {
        difference += Double(a[index] - b[index]) * Double(a[index] - b[index])
        size += Double(b[index]) * Double(b[index])
    }
    return size == 0 ? difference.squareRoot() : (difference / size).squareRoot()
}
