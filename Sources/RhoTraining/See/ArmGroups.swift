import RhoCore

/// Arms gathered from runs and grouped over seeds: same name and same parameters, the seed apart.
public struct ArmGroups: Sendable {
    public struct Member: Sendable {
        public var run: RunRecord
        public var arm: ArmRecord
    }

    public struct Group: Sendable {
        /// Name of the arm.
        public var name: String
        /// Value of each of `parameterNames`; "-" where a run has no such parameter.
        public var parameters: [String]
        /// One per seed, in the order of the seeds.
        public var members: [Member]

        public var isDirty: Bool { members.contains { $0.run.isDirty } }
        var finished: [Member] { members.filter { $0.arm.isFinished } }
    }

    /// The parameters in which the groups differ, sorted.
    public private(set) var parameterNames: [String] = []
    public private(set) var groups: [Group] = []
    /// What the reader should know about what was left out.
    public private(set) var notes: [String] = []

    /// Gathers arms.
    ///
    /// - Parameter arguments: run directories, arm directories, directories with runs below them, and names of arms, which
    ///   restrict what the others name. The reference model takes no part unless it is named.
    /// - Parameter withReference: lets the reference take part all the same.
    /// - Parameter shown: parameters that are named even where they are the same for all.
    /// - Throws: `.usage` for an argument that names nothing, `.io`, `.format`.
    public init(_ arguments: [String], withReference: Bool = false, shown: [String] = []) throws(RhoError) {
        var names: [String] = []
        var members: [Member] = []
        var paths = Set<String>()
        for argument in arguments {
            let path = argument.count > 1 && argument.hasSuffix("/") ? String(argument.dropLast()) : argument
            guard Files.isDirectory(path) else {
                names.append(argument)
                continue
            }
            let parent = Files.parent(of: path)
            if !RunRecord.isRun(path), ArmRecord.isArm(path), RunRecord.isRun(parent) {
                if paths.insert(path).inserted {
                    members.append(Member(run: try RunRecord(path: parent), arm: try ArmRecord(path: path)))
                }
                continue
            }
            let runs = try RunRecord.paths(below: path)
            guard !runs.isEmpty else { throw RhoError(.usage, "there is no run below \(path)") }
            for place in runs {
                let run = try RunRecord(path: place)
                let all = run.arms + (run.returned.map { [$0] } ?? [])
                for arm in all where paths.insert(arm.path).inserted { members.append(Member(run: run, arm: arm)) }
            }
        }
        try restrict(&members, to: names)
        let named = Set(arguments.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 })
        if !withReference, !names.contains("reference"), members.contains(where: { $0.arm.name != "reference" }) {
            members.removeAll { $0.arm.name == "reference" && !named.contains($0.arm.path) }
        }
        gather(members, shown)
    }

    private func restrict(_ members: inout [Member], to names: [String]) throws(RhoError) {
        let known = Set(members.map(\.arm.name)).sorted()
        for name in names where !known.contains(name) {
            throw RhoError(
                .usage,
                known.isEmpty
                    ? "'\(name)' is no run directory"
                    : "'\(name)' is neither a run directory nor one of the arms "
                        + known.joined(separator: ", ") + suggestion(for: name, in: known))
        }
        if !names.isEmpty { members.removeAll { !names.contains($0.arm.name) } }
    }

    private mutating func gather(_ members: [Member], _ shown: [String]) {
        // Parameters of the same name mean different things in different experiments.
        let severalExperiments = Set(members.map(\.run.experiment)).count > 1
        let differing = Self.differing(members.map(\.run.config))
        let names = differing + shown.filter { $0 != "seed" && !differing.contains($0) }
        parameterNames = (severalExperiments ? ["experiment"] : []) + names
        var keys: [String] = []
        var found: [String: Group] = [:]
        var replaced = 0
        // Later runs replace earlier ones of the same seed, so that a repeated run does not count twice.
        for member in members.sorted(by: { $0.run.started < $1.run.started }) {
            let own = names.map { member.run.config[$0].map(Self.shown) ?? "-" }
            let values = (severalExperiments ? [member.run.experiment] : []) + own
            let key = ([member.arm.name] + values).joined(separator: "\u{0}")
            if found[key] == nil { keys.append(key) }
            var group = found[key] ?? Group(name: member.arm.name, parameters: values, members: [])
            if let twin = group.members.firstIndex(where: { $0.run.seed == member.run.seed }) {
                replaced += 1
                // A finished training is worth more than a newer one that was cut short.
                if member.arm.isFinished || !group.members[twin].arm.isFinished { group.members[twin] = member }
            } else {
                group.members.append(member)
            }
            found[key] = group
        }
        groups = keys.compactMap { found[$0] }.map { group in
            var group = group
            group.members.sort { Self.precedes($0.run.seed, $1.run.seed) }
            return group
        }
        groups.sort { left, right in
            if left.name != right.name { return left.name < right.name }
            for (a, b) in zip(left.parameters, right.parameters) where a != b { return Self.precedes(a, b) }
            return false
        }
        if replaced > 0 {
            let what = replaced == 1 ? "training" : "trainings"
            notes.append(
                "\(replaced) earlier \(what) with the same parameters and seed \(replaced == 1 ? "is" : "are") left out."
            )
        }
    }

    /// Numbers by size, then texts.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        if let a = Double(left), let b = Double(right), a != b { return a < b }
        return left < right
    }

    /// Names whose values differ between the runs; the seed is what runs are grouped over.
    static func differing(_ configs: [JSONObject]) -> [String] {
        var seen: [String: Set<String>] = [:]
        for key in Set(configs.flatMap(\.keys)) where key != "seed" {
            seen[key] = Set(configs.map { $0[key].map { Fingerprint.normalised($0).canonical } ?? "" })
        }
        return seen.filter { $0.value.count > 1 }.keys.sorted()
    }

    /// A value in a table cell: numbers short, texts without quotes.
    public static func shown(_ value: JSON) -> String {
        switch Fingerprint.normalised(value) {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): Text.short(number)
        case let other: other.canonical
        }
    }

    /// What to call a group where there is room for one word: the arm and what sets it apart.
    public func label(_ group: Group) -> String {
        [group.name, cell(group)].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// What sets a group's runs apart: "keep=0.6 lr=0.001".
    private func cell(_ group: Group) -> String {
        zip(parameterNames, group.parameters).map { "\($0)=\($1)" }.joined(separator: " ")
    }

    /// What a group may be called where a baseline is named.
    func names(of group: Group) -> Set<String> { [group.name, label(group), cell(group)] }
}
