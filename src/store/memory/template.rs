//! The user's templates, in memory.

use async_trait::async_trait;

use crate::store::audit::{AuditAction, Deed, template_created};
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::projection::moment;
use crate::store::{StoreError, TemplateEntry, Templates};

#[async_trait]
impl Templates for MemoryStore {
    async fn put_template(
        &self,
        name: &str,
        text: &str,
        by: &str,
    ) -> Result<TemplateEntry, StoreError> {
        let mut state = self.state();
        let hash = state.keep(text.to_owned());
        let versions = state
            .templates
            .entry(name.to_ascii_lowercase())
            .or_default();
        if let Some(newest) = versions.last().filter(|newest| newest.hash == hash) {
            return Ok(newest.clone());
        }
        let entry = TemplateEntry {
            template_name: name.to_owned(),
            template_version: format!("v{}", versions.len() + 1),
            hash,
            created_date: moment(self.now()),
        };
        versions.push(entry.clone());
        state.audit(self.now(), &template_created(by, &entry));
        Ok(entry)
    }

    async fn template(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<(TemplateEntry, String)>, StoreError> {
        let state = self.state();
        let entry = versions(&state, name)
            .iter()
            .rev()
            .find(|entry| version.is_none_or(|version| entry.template_version == version));
        Ok(entry.and_then(|entry| Some((entry.clone(), state.content(&entry.hash)?))))
    }

    async fn templates(&self) -> Result<Vec<TemplateEntry>, StoreError> {
        let state = self.state();
        let newest = state
            .templates
            .values()
            .filter_map(|versions| versions.last());
        Ok(newest.cloned().collect())
    }

    async fn template_versions(&self, name: &str) -> Result<Vec<TemplateEntry>, StoreError> {
        let state = self.state();
        Ok(versions(&state, name).iter().rev().cloned().collect())
    }

    async fn delete_template(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let mut state = self.state();
        let removed = state.templates.remove(&name.to_ascii_lowercase());
        if removed.is_some() {
            let deed = Deed::new(by, AuditAction::TemplateDeleted, name);
            state.audit(self.now(), &deed);
        }
        Ok(removed.is_some())
    }
}

fn versions<'a>(state: &'a State, name: &str) -> &'a [TemplateEntry] {
    let versions = state.templates.get(&name.to_ascii_lowercase());
    versions.map(Vec::as_slice).unwrap_or_default()
}
