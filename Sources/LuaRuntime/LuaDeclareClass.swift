import RhoCore

/// A class made in Lua, for manual, help and editor stubs:
/// `rho.declare_class { name = "rho.Run", doc = ..., properties = { { "model", "Model", doc = ... } }, methods = { ... } }`.
///
/// A method is declared as for `rho.declare`, without its function; the table itself is made by the library.
extension LuaState {
    var declareClassFunction: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.declare_class",
            doc:
                "Adds a class written in Lua, a table whose metatable has that __name, to help, manual and editor stubs.",
            parameters: [
                LuaField(
                    "declaration", .table, required: true,
                    doc: "name, doc, properties as fields, methods as declarations")
            ],
            example:
                "rho.declare_class { name = \"Point\", doc = \"A point.\", properties = { { \"x\", \"number\", doc = \"across\" } } }"
        ) { call in
            try call.state.declareClass(try call.table("declaration"))
            return []
        }
    }

    private func declareClass(_ table: LuaTable) throws(RhoError) {
        let name = try ParsedDeclaration.text(table.get("name"), "name")
        let fields = try table.get("properties").tableValue
        let properties =
            try fields.map { table throws(RhoError) in try ParsedDeclaration.fields(table, "properties") } ?? []
        var methods: [LuaCatalog.Function] = []
        for (_, entry) in try table.get("methods").tableValue?.entries() ?? [] {
            guard let entry = entry.tableValue else {
                throw RhoError(.usage, "rho.declare_class: each of methods must be a table")
            }
            let method = try ParsedDeclaration(entry)
            methods.append(
                LuaCatalog.Function(
                    name: "\(name):\(method.name)", doc: method.doc, parameters: method.parameters,
                    returns: method.returns, example: method.example, variadic: method.variadic))
        }
        catalog.add(
            LuaCatalog.Class(
                name: name, doc: try ParsedDeclaration.text(table.get("doc"), "doc"), methods: methods,
                properties: properties.map {
                    LuaCatalog.Property(name: $0.name, type: $0.type, doc: $0.doc, writable: false)
                }, operators: [], isTable: true))
    }
}
