import LuaRuntime

/// Every native module, in the order of the manual. A new module is a file and a line here.
package enum BindingCatalog {
    package static func modules(_ session: Session) -> [LuaModuleDeclaration] {
        [
            CoreBinding(session: session).module,
            DataBinding(session: session).module,
            TokenizerBinding(session: session).module,
            ModelBinding(session: session).module,
            TensorBinding.module,
            OptimBinding.module,
            SelectBinding.module,
            EvalBinding(session: session).module,
            AnalysisBinding(session: session).module,
            RunBinding(session: session).module,
            StoreBinding(session: session).module,
            DryBinding(session: session).module,
            RandomBinding.module,
            JSONBinding.module,
        ]
    }
}
