import RhoCore

/// Floating-point operations and tokens spent, kept apart by purpose so that no comparison forgets the reference.
public struct Compute: Sendable, Equatable {
    public enum Purpose: String, Sendable, CaseIterable {
        /// Training of the reference model.
        case referenceTraining = "reference_training"
        /// Forward passes of the reference over the corpus.
        case scoring
        /// Forward and backward passes of the arm itself.
        case training
        /// Extra forward passes that a selection needed before its backward pass.
        case selection
        /// Held-out losses and generated answers.
        case evaluation
    }

    public struct Entry: Sendable, Equatable {
        public var flops = 0.0
        public var tokens = 0
    }

    private var entries = [Entry](repeating: Entry(), count: Purpose.allCases.count)

    public init() {}

    public subscript(purpose: Purpose) -> Entry {
        get { entries[Self.index(purpose)] }
        set { entries[Self.index(purpose)] = newValue }
    }

    private static func index(_ purpose: Purpose) -> Int {
        Purpose.allCases.firstIndex(of: purpose) ?? 0
    }

    public mutating func add(_ purpose: Purpose, flops: Double, tokens: Int) {
        self[purpose].flops += flops
        self[purpose].tokens += tokens
    }

    public static func += (left: inout Compute, right: Compute) {
        for purpose in Purpose.allCases {
            left.add(purpose, flops: right[purpose].flops, tokens: right[purpose].tokens)
        }
    }

    /// FLOPs of everything that had to happen for the model to exist: all purposes but evaluation.
    public var total: Double {
        Purpose.allCases.filter { $0 != .evaluation }.reduce(0) { $0 + self[$1].flops }
    }

    /// `{"training": {"flops": ..., "tokens": ...}, ..., "total_flops": ...}` with every purpose.
    public var json: JSON {
        var object = JSONObject()
        for purpose in Purpose.allCases {
            object[purpose.rawValue] = ["flops": .number(self[purpose].flops), "tokens": JSON(self[purpose].tokens)]
        }
        object["total_flops"] = .number(total)
        return .object(object)
    }

    /// Reads `json` back; what is missing counts as nothing spent.
    public init(json: JSON) {
        for purpose in Purpose.allCases {
            let entry = json[purpose.rawValue]
            self[purpose] = Entry(flops: entry?["flops"]?.doubleValue ?? 0, tokens: entry?["tokens"]?.intValue ?? 0)
        }
    }
}
