import LuaRuntime
import RhoCore
import RhoData

/// Conditions on fields as scripts write them:
///
///     { language = "en", score = { at_least = 0.5 }, subset = { "math", "code" }, note = { exists = true } }
enum RowFilters {
    static let doc = """
        rows to keep: a function of the row, or a condition for each field: { field = value }, { field = { a, b } } for one \
        of several values, { field = { at_least =, at_most =, contains =, differs =, exists = true } }. A row without the \
        field is an error, unless exists says that such rows are to be dropped. Conditions are faster than a function
        """

    private static let place = "rho.data.jsonl: filter"
    private static let names = ["at_least", "at_most", "contains", "differs", "exists"]

    static func filters(_ fields: [(String, LuaValue)]) throws(RhoError) -> [FieldFilter] {
        var filters: [FieldFilter] = []
        for (field, value) in fields {
            guard let table = value.tableValue else {
                filters.append(FieldFilter(field, .equals(try scalar(value, field))))
                continue
            }
            let values = try table.list()
            if !values.isEmpty {
                filters.append(
                    FieldFilter(field, .oneOf(try values.map { value throws(RhoError) in try scalar(value, field) })))
                continue
            }
            let conditions = try table.stringPairs()
            if conditions.isEmpty {
                throw RhoError(.value, "\(place): the condition on '\(field)' is an empty table")
            }
            // Whether a row has the field comes first: the other conditions read it.
            for (name, value) in conditions where name == "exists" {
                filters.append(FieldFilter(field, try condition(name, value, field)))
            }
            for (name, value) in conditions where name != "exists" {
                filters.append(FieldFilter(field, try condition(name, value, field)))
            }
        }
        return filters
    }

    private static func condition(
        _ name: String, _ value: LuaValue, _ field: String
    ) throws(RhoError) -> FieldFilter.Condition {
        switch name {
        case "at_least": return .atLeast(try number(value, field, name))
        case "at_most": return .atMost(try number(value, field, name))
        case "differs": return .differs(from: try scalar(value, field))
        case "contains":
            guard let text = value.stringValue else {
                throw RhoError(.value, "\(place): contains of '\(field)' must be a string, got \(value.typeName)")
            }
            return .contains(text)
        case "exists":
            guard value.boolValue == true else {
                throw RhoError(.value, "\(place): exists of '\(field)' can only be true")
            }
            return .exists
        default:
            throw RhoError(
                .value,
                "\(place): no condition is called '\(name)'\(suggestion(for: name, in: names)), "
                    + "the conditions are \(names.joined(separator: ", "))")
        }
    }

    private static func number(_ value: LuaValue, _ field: String, _ name: String) throws(RhoError) -> Double {
        guard let number = value.doubleValue, !number.isNaN else {
            throw RhoError(.value, "\(place): \(name) of '\(field)' must be a number, got \(value.typeName)")
        }
        return number
    }

    private static func scalar(_ value: LuaValue, _ field: String) throws(RhoError) -> JSON {
        switch value {
        case .boolean, .integer, .number, .string, .bytes: return try JSON(value)
        default:
            throw RhoError(
                .value, "\(place): '\(field)' can be compared with a string, number or boolean, got \(value.typeName)")
        }
    }
}
