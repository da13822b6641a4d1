//! One value for each resource type, found without a map.

use crate::ResourceType;

#[derive(Debug, Clone, Default)]
pub(crate) struct ByResourceType<T> {
    topic: T,
    group: T,
    cluster: T,
    transactional_id: T,
    delegation_token: T,
    user: T,
}

impl<T> ByResourceType<T> {
    pub(crate) fn get(&self, resource_type: ResourceType) -> &T {
        match resource_type {
            ResourceType::Topic => &self.topic,
            ResourceType::Group => &self.group,
            ResourceType::Cluster => &self.cluster,
            ResourceType::TransactionalId => &self.transactional_id,
            ResourceType::DelegationToken => &self.delegation_token,
            ResourceType::User => &self.user,
        }
    }

    pub(crate) fn get_mut(&mut self, resource_type: ResourceType) -> &mut T {
        match resource_type {
            ResourceType::Topic => &mut self.topic,
            ResourceType::Group => &mut self.group,
            ResourceType::Cluster => &mut self.cluster,
            ResourceType::TransactionalId => &mut self.transactional_id,
            ResourceType::DelegationToken => &mut self.delegation_token,
            ResourceType::User => &mut self.user,
        }
    }

    pub(crate) fn map<U>(self, mut change: impl FnMut(T) -> U) -> ByResourceType<U> {
        ByResourceType {
            topic: change(self.topic),
            group: change(self.group),
            cluster: change(self.cluster),
            transactional_id: change(self.transactional_id),
            delegation_token: change(self.delegation_token),
            user: change(self.user),
        }
    }
}
