//! Which scope of an API key a call needs: enforced in front of the route, and described with it.

use axum::middleware;
use utoipa::openapi::{
    Content, Ref, RefOr, ResponseBuilder,
    path::{Operation, PathItem},
    security::SecurityRequirement,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{domain::Scope, server::http::gate};

/// Lets keys with this scope call these routes, and those with larger ones.
pub fn within<S: Clone + Send + Sync + 'static>(scope: Scope, routes: OpenApiRouter<S>) -> OpenApiRouter<S> {
    let mut routes = routes.route_layer(middleware::from_fn_with_state(scope, gate::admit));
    let items = routes.get_openapi_mut().paths.paths.values_mut();
    items.flat_map(operations).for_each(|operation| describe(scope, operation));
    routes
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    all.into_iter().filter_map(Option::as_mut)
}

fn describe(scope: Scope, operation: &mut Operation) {
    let none: [&str; 0] = [];
    operation.security = Some(vec![
        SecurityRequirement::new("bearer", none),
        SecurityRequirement::new("cookie", none),
        SecurityRequirement::new("key", [scope.into_str()]),
    ]);
    // Every key has the smallest scope.
    if scope > Scope::Read {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let refused = ResponseBuilder::new()
            .description("Not allowed: with a key, its scope is too small (`scope_too_small`).")
            .content("application/problem+json", problem);
        operation.responses.responses.entry("403".to_owned()).or_insert(RefOr::T(refused.build()));
    }
}
