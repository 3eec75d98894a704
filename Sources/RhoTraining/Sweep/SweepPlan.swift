import RhoCore

/// One run of a sweep as it is planned.
public struct SweepCell: Sendable, Equatable {
    /// The values the sweep gives, in the order of its names.
    public var values: JSONObject
    /// Every `name=value` the run is started with.
    public var assignments: [String]
    /// Identity of the run: see `RunIdentity`.
    public var digest: String
    /// Short text in the name of the run's directory.
    public var slug: String
    /// The parameter `tokens`, where the experiment has one: what the cost is estimated by.
    public var tokens: Double?

    /// `keep=0.4 seed=1`
    public var label: String {
        values.isEmpty
            ? "default" : values.pairs.map { "\($0.key)=\(ArmGroups.shown($0.value))" }.joined(separator: " ")
    }

    var json: JSON {
        var object: JSONObject = [
            "values": .object(values), "sets": .array(assignments.map { JSON($0) }), "digest": JSON(digest),
            "slug": JSON(slug),
        ]
        if let tokens { object["tokens"] = .number(tokens) }
        return .object(object)
    }

    init?(json: JSON, names: [String]) {
        guard let digest = json["digest"]?.stringValue, digest.count == 64, let slug = json["slug"]?.stringValue else {
            return nil
        }
        let given = json["values"]?.objectValue ?? [:]
        values = JSONObject(names.compactMap { name in given[name].map { (name, $0) } })
        assignments = (json["sets"]?.arrayValue ?? []).compactMap(\.stringValue)
        self.digest = digest
        self.slug = slug
        tokens = json["tokens"]?.doubleValue
    }
}

/// A sweep as it is planned: which runs it is made of, known by what they are and not by their place.
public struct SweepPlan: Sendable {
    public var experiment: String
    /// What the sweep is in words: `keep x seed`.
    public var text: String
    /// Names of the parameters that vary, the seed last.
    public var names: [String]
    /// The arm or cell that tables take differences from.
    public var baseline: String?
    /// Successive halving, where the sweep asks for it.
    public var halving: HalvingRule?
    public var cells: [SweepCell]
    /// The build that the cells' identities are of.
    public var engine: String
    /// The experiment file as the command line named it, and the directory it was named in.
    public var script: String
    public var workingDirectory: String
    /// Flags that every run is started with, and what comes after `--`.
    public var flags: [String]
    public var scriptArguments: [String]

    /// - Parameter json: what the Lua library planned, or what `json` wrote.
    /// - Throws: `.format` where it is no plan.
    public init(
        json: JSON, script: String? = nil, workingDirectory: String? = nil, flags: [String]? = nil,
        scriptArguments: [String]? = nil
    ) throws(RhoError) {
        func texts(_ key: String) -> [String] { (json[key]?.arrayValue ?? []).compactMap(\.stringValue) }
        guard let experiment = json["experiment"]?.stringValue, let list = json["cells"]?.arrayValue else {
            throw RhoError(.format, "this is no plan of a sweep")
        }
        self.experiment = experiment
        text = json["text"]?.stringValue ?? ""
        let names = texts("names")
        self.names = names
        baseline = json["baseline"]?.stringValue
        halving = try json["asha"].flatMap { $0.isNull ? nil : $0 }.map { rule throws(RhoError) in
            try HalvingRule(json: rule)
        }
        cells = list.compactMap { SweepCell(json: $0, names: names) }
        guard cells.count == list.count else { throw RhoError(.format, "a cell of this sweep makes no sense") }
        engine = json["engine"]?.stringValue ?? ""
        self.script = script ?? json["script"]?.stringValue ?? ""
        self.workingDirectory = workingDirectory ?? json["working_directory"]?.stringValue ?? "."
        self.flags = flags ?? texts("flags")
        self.scriptArguments = scriptArguments ?? texts("script_arguments")
    }

    public var json: JSON {
        var object: JSONObject = [
            "format": 1, "experiment": JSON(experiment), "text": JSON(text), "names": .array(names.map { JSON($0) }),
        ]
        if let baseline { object["baseline"] = JSON(baseline) }
        if let halving { object["asha"] = halving.json }
        object["engine"] = JSON(engine)
        object["script"] = JSON(script)
        object["working_directory"] = JSON(workingDirectory)
        object["flags"] = .array(flags.map { JSON($0) })
        object["script_arguments"] = .array(scriptArguments.map { JSON($0) })
        object["cells"] = .array(cells.map(\.json))
        return .object(object)
    }

    /// Names the sweep by its cells: `keep-seed-1f2e3d4c`. The same command finds the same sweep again.
    public var id: String {
        let hash = Fingerprint.of([
            "cells": .array(cells.map { JSON($0.digest) }), "asha": halving?.json ?? .null,
            "baseline": baseline.map { JSON($0) } ?? .null,
        ])
        let words = RunDirectory.slug(names.joined(separator: "-"))
        return [String(words.prefix(40)), String(hash.prefix(8))].filter { !$0.isEmpty }.joined(separator: "-")
    }

    /// The cell whose digest begins with a text.
    /// - Throws: `.usage` if there is none, or more than one.
    public func index(of digest: String) throws(RhoError) -> Int {
        let found = cells.indices.filter { cells[$0].digest.hasPrefix(digest) }
        guard found.count == 1, !digest.isEmpty else {
            throw RhoError(
                .usage, "\(found.count == 0 ? "no cell" : "more than one cell") of this sweep begins with '\(digest)'")
        }
        return found[0]
    }
}
